package aiworker.pljava;

import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.InvocationTargetException;
import java.net.URISyntaxException;
import java.nio.file.NoSuchFileException;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Makes PL/Java a good guest of the server as soon as Java runs: an {@link ExitGuard}, and the
 * server's own signal handlers. PL/Java replaces them by its own, which wake no session that waits:
 * an idle one would outlast a fast shutdown, a lock wait every cancel.
 *
 * <p>PL/Java sets java.util.logging up before it looks for a class of anybody's, and that makes one
 * of these: {@code -Djava.util.logging.config.class} in {@code pljava.vmoptions} names it, and it
 * is on the JVM's class path. Where it is not there, or is damaged, Java starts all the same.
 *
 * <p>No lambdas: each start of a JVM would wait for the first one.
 */
public final class Guard {
  /** Set once it is there: why the server's signal handlers are not back, or empty. */
  static final String PROPERTY = "aiworker.guard";

  /** Called by java.util.logging. */
  public Guard() {
    SessionMark mark = null;
    try {
      mark = SessionMark.make();
    } catch (IOException | RuntimeException e) {
      // then this session is not counted
    }
    ExitGuard.stand(mark);
    String problem = "";
    try {
      putHandlersBack();
    } catch (ReflectiveOperationException
        | URISyntaxException
        | IOException
        | RuntimeException
        | LinkageError e) {
      problem = e.toString();
    }
    System.setProperty(PROPERTY, problem);
  }

  private static void putHandlersBack()
      throws IOException, ReflectiveOperationException, URISyntaxException {
    byte[] type;
    byte[] library;
    try (ZipFile jar =
        new ZipFile(
            new File(Guard.class.getProtectionDomain().getCodeSource().getLocation().toURI()))) {
      type = read(jar, "jna/com/sun/jna/Native.class");
      library =
          read(
              jar,
              "jna/com/sun/jna/linux-"
                  + System.getProperty("os.arch").replace("amd64", "x86-64")
                  + "/libjnidispatch.so");
    }
    try {
      // Where the server's own temporary files are, it empties the folder when it starts
      load(type, library, "base/pgsql_tmp");
    } catch (IOException | UnsatisfiedLinkError e) {
      load(type, library, System.getProperty("java.io.tmpdir"));
    }
  }

  private static byte[] read(ZipFile jar, String name) throws IOException {
    ZipEntry entry = jar.getEntry(name);
    if (entry == null) {
      throw new NoSuchFileException(name);
    }
    try (InputStream content = jar.getInputStream(entry)) {
      return content.readAllBytes();
    }
  }

  private static void load(byte[] type, byte[] library, String folder)
      throws IOException, ReflectiveOperationException {
    File parent = new File(folder).getAbsoluteFile();
    parent.mkdir();
    File file = new File(parent, "pgsql_tmp.ai-worker." + System.nanoTime());
    try {
      if (!file.createNewFile()) {
        throw new IOException(file + " exists");
      }
      try (OutputStream content = new FileOutputStream(file)) {
        content.write(library);
      }
      new Loader()
          .define(type)
          .getMethod("putHandlersBack", String.class)
          .invoke(null, file.getPath());
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof LinkageError cause) {
        throw cause;
      }
      throw e;
    } finally {
      file.delete();
    }
  }

  private static final class Loader extends ClassLoader {
    Class<?> define(byte[] type) {
      return defineClass(null, type, 0, type.length);
    }
  }
}

package aiworker.testing;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * A certificate authority of the test's own, made with keytool, and server certificates of all
 * kinds from it.
 */
public final class TestCertificates {
  private static final String PASSWORD = "password";

  private final Path folder;
  private final Certificate authority;
  private final PrivateKey serverKey;

  /** Makes the authority and one server key in the folder. */
  public TestCertificates(Path folder) throws IOException, GeneralSecurityException {
    this.folder = folder;
    keytool("-genkeypair -alias ca -dname CN=TestAuthority -ext bc:c -validity 3650");
    keytool("-genkeypair -alias server -dname CN=server -validity 3650");
    keytool("-certreq -alias server -file", folder.resolve("server.csr").toString());
    keytool("-exportcert -rfc -alias ca -file", authorityFile().toString());
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(folder.resolve("store.p12"))) {
      store.load(in, PASSWORD.toCharArray());
    }
    authority = store.getCertificate("ca");
    serverKey = (PrivateKey) store.getKey("server", PASSWORD.toCharArray());
  }

  /** PEM with the authority's certificate. */
  public Path authorityFile() {
    return folder.resolve("ca.pem");
  }

  /**
   * TLS with a certificate from the authority.
   *
   * @param name as subject alternative name, such as {@code ip:127.0.0.1}
   * @param start as keytool's {@code -startdate}, such as {@code -1d}
   * @param days of validity
   */
  public SSLContext server(String name, String start, int days)
      throws IOException, GeneralSecurityException {
    Path file = folder.resolve("certificate.pem");
    keytool(
        "-gencert -rfc -alias ca -infile",
        folder.resolve("server.csr").toString(),
        "-outfile",
        file.toString(),
        "-ext",
        "SAN=" + name,
        "-startdate",
        start,
        "-validity",
        String.valueOf(days));
    Certificate certificate =
        CertificateFactory.getInstance("X.509")
            .generateCertificate(new ByteArrayInputStream(Files.readAllBytes(file)));
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setCertificateEntry("ca", authority);
    store.setKeyEntry(
        "server", serverKey, PASSWORD.toCharArray(), new Certificate[] {certificate, authority});
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(store, PASSWORD.toCharArray());
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    return context;
  }

  private void keytool(String options, String... more) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(List.of("-J-XX:TieredStopAtLevel=1", "-J-XX:+UseSerialGC"));
    command.addAll(List.of(options.split(" ", -1)));
    command.addAll(List.of(more));
    command.addAll(List.of("-storetype", "PKCS12", "-storepass", PASSWORD, "-keystore"));
    command.add(folder.resolve("store.p12").toString());
    if (options.startsWith("-genkeypair")) {
      command.addAll(List.of("-keyalg", "EC", "-groupname", "secp256r1"));
    }
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try {
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw new IOException(String.join(" ", command) + ": " + output);
      }
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }
}

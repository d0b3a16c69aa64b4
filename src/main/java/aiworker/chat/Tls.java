package aiworker.chat;

import aiworker.error.AiWorkerException;
import aiworker.error.Failure;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;

/** Whom to trust on https. Stateless, so any thread may use it. */
final class Tls {
  /** In bytes; a system's whole collection has a quarter of that. */
  private static final int LARGEST = 1 << 20;

  private Tls() {}

  /** Trusts nobody, and so spares plain http the reading of Java's certificates. */
  static SSLContext trustingNobody() {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, new TrustManager[0], null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new AiWorkerException(Failure.INTERNAL, "Java has no TLS", e.getMessage(), e);
    }
  }

  /** Trusts the certificates of a PEM file and no others. */
  static SSLContext trusting(Path caFile) {
    try {
      InputStream in = new ByteArrayInputStream(SmallFile.read(caFile, LARGEST));
      KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
      trusted.load(null, null);
      int count = 0;
      for (Certificate certificate :
          CertificateFactory.getInstance("X.509").generateCertificates(in)) {
        trusted.setCertificateEntry("ca" + count++, certificate);
      }
      if (count == 0) {
        throw unusable(caFile, "it holds no certificate", null);
      }
      TrustManagerFactory managers =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      managers.init(trusted);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, managers.getTrustManagers(), null);
      return context;
    } catch (IOException | GeneralSecurityException | SecurityException e) {
      throw unusable(caFile, e.toString(), e);
    }
  }

  private static AiWorkerException unusable(Path caFile, String detail, Exception cause) {
    return new AiWorkerException(
        Failure.ENDPOINT_UNREACHABLE, "CA file \"" + caFile + "\" cannot be used", detail, cause);
  }
}

package aiworker.chat;

import aiworker.error.AiWorkerException;
import aiworker.error.Failure;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLContextSpi;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocketFactory;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;

/** Whom to trust on https. Stateless, so any thread may use it. */
final class Tls {
  /** In bytes; a system's whole collection has a quarter of that. */
  private static final int LARGEST = 1 << 20;

  private Tls() {}

  /** For plain http, where Java wants one but uses none: to make a real one takes it long. */
  static SSLContext none() {
    return new Absent();
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

  private static final class Absent extends SSLContext {
    Absent() {
      super(new AbsentSpi(), null, "none");
    }
  }

  private static final class AbsentSpi extends SSLContextSpi {
    @Override
    protected SSLParameters engineGetDefaultSSLParameters() {
      return new SSLParameters();
    }

    @Override
    protected SSLParameters engineGetSupportedSSLParameters() {
      return new SSLParameters(new String[0], new String[0]);
    }

    @Override
    protected void engineInit(
        KeyManager[] keyManagers, TrustManager[] trustManagers, SecureRandom random) {}

    @Override
    protected SSLSocketFactory engineGetSocketFactory() {
      throw new UnsupportedOperationException();
    }

    @Override
    protected SSLServerSocketFactory engineGetServerSocketFactory() {
      throw new UnsupportedOperationException();
    }

    @Override
    protected SSLEngine engineCreateSSLEngine() {
      throw new UnsupportedOperationException();
    }

    @Override
    protected SSLEngine engineCreateSSLEngine(String host, int port) {
      throw new UnsupportedOperationException();
    }

    @Override
    protected SSLSessionContext engineGetServerSessionContext() {
      return null;
    }

    @Override
    protected SSLSessionContext engineGetClientSessionContext() {
      return null;
    }
  }
}

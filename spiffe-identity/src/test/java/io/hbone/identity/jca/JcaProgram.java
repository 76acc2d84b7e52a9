package io.hbone.identity.jca;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsExchange;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

/**
 * Any Java program: an HTTPS server and a client of the JDK's, with the JDK's default {@link SSLContext}. It knows nothing of
 * SPIFFE: who it is, and whom it believes, is in the security properties that it is started with.
 */
final class JcaProgram {
    private JcaProgram() {}

    /** {@code serve}: until it is destroyed; {@code get <URI>}: once. */
    public static void main(String[] arguments) throws Exception {
        if (arguments[0].equals("serve")) {
            serve();
        } else {
            System.exit(get(URI.create(arguments[1])));
        }
    }

    private static void serve() throws Exception {
        HttpsServer server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(SSLContext.getDefault()) {
            @Override
            public void configure(HttpsParameters parameters) {
                SSLParameters mutual = getSSLContext().getDefaultSSLParameters();
                mutual.setNeedClientAuth(true);
                parameters.setSSLParameters(mutual);
            }
        });
        server.createContext("/", exchange -> {
            byte[] answer = ("hello " + peer(((HttpsExchange) exchange).getSSLSession())).getBytes();
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
        });
        server.start();
        System.out.println("serves on " + server.getAddress().getPort());
    }

    private static int get(URI uri) throws InterruptedException {
        try {
            HttpResponse<String> response = HttpClient.newHttpClient()
                    .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
            SSLSession session = response.sslSession().orElseThrow();
            System.out.println(session.getProtocol() + ", " + peer(session) + " says: " + response.body());
            return 0;
        } catch (IOException e) {
            System.out.println(e);
            return 1;
        }
    }

    /** The URI names and the serial number of its certificate. */
    private static String peer(SSLSession session) throws SSLPeerUnverifiedException {
        X509Certificate certificate = (X509Certificate) session.getPeerCertificates()[0];
        try {
            return certificate.getSubjectAlternativeNames().stream()
                            .map(List::toArray)
                            .map(name -> Arrays.asList(name).get(1).toString())
                            .collect(Collectors.joining(","))
                    + " #" + certificate.getSerialNumber();
        } catch (CertificateParsingException e) {
            throw new IllegalStateException(e);
        }
    }
}

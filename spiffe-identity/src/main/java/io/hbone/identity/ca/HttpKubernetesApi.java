package io.hbone.identity.ca;

import io.hbone.identity.internal.Pem;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** By the JDK's HTTP client, with the token of a service account, which is read for every request as it is renewed. */
final class HttpKubernetesApi implements KubernetesApi {
    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    private final URI server;
    private final Path token;
    private final HttpClient client;

    private HttpKubernetesApi(URI server, Path token, HttpClient client) {
        this.server = server;
        this.token = token;
        this.client = client;
    }

    /** @param ca PEM of the API server's CA, read once. @throws IOException when that cannot be read */
    static HttpKubernetesApi of(URI server, Path token, Path ca) throws IOException {
        try {
            KeyStore roots = KeyStore.getInstance("PKCS12");
            roots.load(null, null);
            int index = 0;
            for (X509Certificate root : Pem.certificates(Files.readString(ca, StandardCharsets.ISO_8859_1))) {
                roots.setCertificateEntry("root-" + index++, root);
            }
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(roots);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            HttpClient client = HttpClient.newBuilder()
                    .sslContext(context)
                    .connectTimeout(TIMEOUT)
                    .build();
            return new HttpKubernetesApi(server, token, client);
        } catch (NoSuchFileException e) {
            throw new IOException(ca + ": no such file (expected: the CA of the API server)", e);
        } catch (GeneralSecurityException e) {
            throw new IOException(ca + ": " + e.getMessage(), e);
        }
    }

    @Override
    public CompletionStage<String> post(String path, String json) {
        return send(path, HttpRequest.newBuilder().POST(BodyPublishers.ofString(json)));
    }

    @Override
    public CompletionStage<String> get(String path) {
        return send(path, HttpRequest.newBuilder().GET());
    }

    private CompletionStage<String> send(String path, HttpRequest.Builder builder) {
        HttpRequest request;
        try {
            String bearer = Files.readString(token, StandardCharsets.US_ASCII).strip();
            request = builder.uri(server.resolve(path))
                    .header("Authorization", "Bearer " + bearer)
                    .header("Content-Type", "application/json")
                    .timeout(TIMEOUT)
                    .build();
        } catch (IOException | IllegalArgumentException e) {
            return CompletableFuture.failedStage(
                    new IOException("token of our service account " + token + ": " + e, e));
        }
        return client.sendAsync(request, BodyHandlers.ofString()).thenCompose(response -> answer(path, response));
    }

    private CompletionStage<String> answer(String path, HttpResponse<String> response) {
        int status = response.statusCode();
        if (status / 100 == 2) {
            return CompletableFuture.completedStage(response.body());
        }
        String hint = status == 401 || status == 403
                ? ": look at the ClusterRole of our service account (system:auth-delegator, and get and list of pods)"
                : "";
        return CompletableFuture.failedStage(
                new IOException("API server " + server + path + " answered " + status + hint));
    }
}

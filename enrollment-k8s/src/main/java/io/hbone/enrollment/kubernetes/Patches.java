package io.hbone.enrollment.kubernetes;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.http.HttpResponse;
import java.net.MalformedURLException;
import java.net.URL;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Sends patches as they are. The client's own methods get the object first, which is a second call for each, and takes the right to
 * read it.
 */
public final class Patches {
    private Patches() {}

    /**
     * Sends one, and waits for the answer.
     *
     * @param path of what is patched, from the root of the API server
     * @param body of maps, lists and texts; nulls are sent
     * @throws KubernetesClientException when it was refused, with the code, or not answered
     */
    public static void send(KubernetesClient client, String path, PatchType type, Object body) {
        int patience = client.getConfiguration().getRequestTimeout();
        try {
            HttpResponse<String> answer = client.getHttpClient()
                    .sendAsync(
                            client.getHttpClient()
                                    .newHttpRequestBuilder()
                                    .url(new URL(client.getMasterUrl(), path))
                                    .method(
                                            "PATCH",
                                            type.getContentType(),
                                            client.getKubernetesSerialization().asJson(body))
                                    .build(),
                            String.class)
                    .get(patience, TimeUnit.MILLISECONDS);
            if (!answer.isSuccessful()) {
                throw new KubernetesClientException(
                        path + ": " + answer.code() + ": " + answer.body(), answer.code(), null);
            }
        } catch (MalformedURLException e) {
            throw new IllegalArgumentException(path + " (expected: a path)", e);
        } catch (ExecutionException | TimeoutException e) {
            throw new KubernetesClientException(path + ": not answered: " + e, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new KubernetesClientException(path + ": interrupted", e);
        }
    }
}

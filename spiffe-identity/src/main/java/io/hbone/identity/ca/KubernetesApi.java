package io.hbone.identity.ca;

import java.util.concurrent.CompletionStage;

/** The few requests to a Kubernetes API server that a CA needs. Safe for use by any thread; returns at once. */
interface KubernetesApi {

    /** Sends JSON; completes with the JSON of a 2xx answer, and exceptionally with what to look at otherwise. */
    CompletionStage<String> post(String path, String json);

    /** Likewise. */
    CompletionStage<String> get(String path);
}

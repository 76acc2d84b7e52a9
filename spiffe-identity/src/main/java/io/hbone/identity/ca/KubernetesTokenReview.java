package io.hbone.identity.ca;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import io.hbone.core.SpiffeId;
import io.hbone.core.TrustDomain;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Tokens of Kubernetes service accounts, by the TokenReview API. A pod may have the certificate of its own service account. A pod of
 * a node account (ztunnel's) may in addition ask for those service accounts that have a pod on its own node, as istiod's rule is
 * (spec/ztunnel.md 9.2).
 */
public final class KubernetesTokenReview implements TokenAuthenticator {
    private static final Path SERVICE_ACCOUNT = Path.of("/var/run/secrets/kubernetes.io/serviceaccount");
    private static final String REVIEWS = "/apis/authentication.k8s.io/v1/tokenreviews";
    private static final String NODE_NAME = "authentication.kubernetes.io/node-name";
    private static final String POD_NAME = "authentication.kubernetes.io/pod-name";
    private static final Pattern USER = Pattern.compile("system:serviceaccount:([a-z0-9.-]+):([a-z0-9.-]+)");

    private final KubernetesApi api;
    private final TrustDomain trustDomain;
    private final String audience;
    private final Set<String> nodeAccounts;

    KubernetesTokenReview(KubernetesApi api, TrustDomain trustDomain, String audience, Set<String> nodeAccounts) {
        this.api = api;
        this.trustDomain = trustDomain;
        this.audience = audience;
        this.nodeAccounts = Set.copyOf(nodeAccounts);
    }

    /**
     * By the API server of the cluster that this pod runs in.
     *
     * @param audience that tokens must be for
     * @param nodeAccounts {@code namespace/name} of the service accounts that ask for their node's workloads
     * @throws IOException when this is no pod, or its service account's files cannot be read
     */
    public static KubernetesTokenReview inCluster(TrustDomain trustDomain, String audience, Set<String> nodeAccounts)
            throws IOException {
        String host = System.getenv("KUBERNETES_SERVICE_HOST");
        String port = System.getenv("KUBERNETES_SERVICE_PORT");
        if (host == null || port == null) {
            throw new IOException(
                    "KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT: not set (expected: to run in a pod)");
        }
        URI server = URI.create("https://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + port);
        return of(
                server,
                SERVICE_ACCOUNT.resolve("token"),
                SERVICE_ACCOUNT.resolve("ca.crt"),
                trustDomain,
                audience,
                nodeAccounts);
    }

    /**
     * By the API server at {@code server}.
     *
     * @param token file with our own token, which may create TokenReviews, and get and list pods
     * @param ca PEM of the API server's CA
     * @throws IOException when {@code ca} cannot be read
     */
    public static KubernetesTokenReview of(
            URI server, Path token, Path ca, TrustDomain trustDomain, String audience, Set<String> nodeAccounts)
            throws IOException {
        return new KubernetesTokenReview(HttpKubernetesApi.of(server, token, ca), trustDomain, audience, nodeAccounts);
    }

    @Override
    public CompletionStage<Caller> authenticate(String token) {
        JsonArray audiences = new JsonArray();
        audiences.add(audience);
        JsonObject spec = new JsonObject();
        spec.addProperty("token", token);
        spec.add("audiences", audiences);
        JsonObject review = new JsonObject();
        review.addProperty("apiVersion", "authentication.k8s.io/v1");
        review.addProperty("kind", "TokenReview");
        review.add("spec", spec);
        return api.post(REVIEWS, review.toString()).thenApply(this::caller);
    }

    private Caller caller(String json) {
        try {
            JsonObject status = object(JsonParser.parseString(json), "status");
            if (status == null
                    || !status.has("authenticated")
                    || !status.get("authenticated").getAsBoolean()) {
                throw new TokenRejectedException("not authenticated by the API server: " + text(status, "error"));
            }
            JsonElement audiences = status.get("audiences");
            if (audiences == null || !audiences.getAsJsonArray().contains(new JsonPrimitive(audience))) {
                // An API server that knows no audiences leaves them out, and would accept a token for anybody.
                throw new TokenRejectedException("audiences " + audiences + " (expected: " + audience + " among them)");
            }
            JsonObject user = object(status, "user");
            Matcher name = USER.matcher(String.valueOf(text(user, "username")));
            if (!name.matches()) {
                throw new TokenRejectedException("user " + text(user, "username") + " (expected: a service account)");
            }
            JsonObject extra = object(user, "extra");
            return new ServiceAccount(name.group(1), name.group(2), first(extra, NODE_NAME), first(extra, POD_NAME));
        } catch (TokenRejectedException e) {
            throw new CompletionException(e);
        } catch (JsonParseException | IllegalStateException | UnsupportedOperationException e) {
            throw new CompletionException(
                    new IOException("API server: TokenReview not understood: " + e.getMessage(), e));
        }
    }

    private final class ServiceAccount implements Caller {
        private final String namespace;
        private final String account;
        private final @Nullable String node;
        private final @Nullable String pod;

        ServiceAccount(String namespace, String account, @Nullable String node, @Nullable String pod) {
            this.namespace = namespace;
            this.account = account;
            this.node = node;
            this.pod = pod;
        }

        @Override
        public String name() {
            return namespace + "/" + account + (pod == null ? "" : "/" + pod);
        }

        @Override
        public SpiffeId self() {
            return SpiffeId.ofServiceAccount(trustDomain, namespace, account);
        }

        @Override
        public CompletionStage<Boolean> mayHave(SpiffeId id, boolean impersonated) {
            if (!impersonated) {
                return CompletableFuture.completedStage(id.equals(self()));
            }
            if (!nodeAccounts.contains(namespace + "/" + account)) {
                return CompletableFuture.completedStage(false);
            }
            return node().thenCompose(
                            where -> where == null ? CompletableFuture.completedStage(false) : hasPodOn(where, id));
        }

        /** Tokens of Kubernetes 1.30 and later name the node; before, the pod knows it. */
        private CompletionStage<@Nullable String> node() {
            if (node != null || pod == null) {
                return CompletableFuture.completedStage(node);
            }
            return api.get("/api/v1/namespaces/" + segment(namespace) + "/pods/" + segment(pod))
                    .thenApply(json -> text(object(JsonParser.parseString(json), "spec"), "nodeName"));
        }

        private CompletionStage<Boolean> hasPodOn(String where, SpiffeId id) {
            String selector = "spec.nodeName=" + where + ",spec.serviceAccountName=" + id.serviceAccount();
            String path = "/api/v1/namespaces/" + segment(String.valueOf(id.namespace()))
                    + "/pods?limit=1&fieldSelector=" + segment(selector);
            return api.get(path).thenApply(json -> {
                JsonElement items =
                        JsonParser.parseString(json).getAsJsonObject().get("items");
                return items != null
                        && items.isJsonArray()
                        && !items.getAsJsonArray().isEmpty();
            });
        }
    }

    private static String segment(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private static @Nullable JsonObject object(@Nullable JsonElement parent, String name) {
        JsonElement child = parent == null ? null : parent.getAsJsonObject().get(name);
        return child == null || child.isJsonNull() ? null : child.getAsJsonObject();
    }

    private static @Nullable String text(@Nullable JsonObject parent, String name) {
        JsonElement child = parent == null ? null : parent.get(name);
        return child == null || child.isJsonNull() ? null : child.getAsString();
    }

    private static @Nullable String first(@Nullable JsonObject parent, String name) {
        JsonElement child = parent == null ? null : parent.get(name);
        return child == null || child.getAsJsonArray().isEmpty()
                ? null
                : child.getAsJsonArray().get(0).getAsString();
    }
}

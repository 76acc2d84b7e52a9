package io.hbone.identity.ca;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import org.jspecify.annotations.Nullable;

/**
 * Where a call comes from.
 *
 * @param peer its address, for the log
 * @param token that it brought; null for none
 */
record CallOrigin(String peer, @Nullable String token) {
    private static final Context.Key<CallOrigin> KEY = Context.key("hbone-ca-origin");
    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
    private static final String BEARER = "Bearer ";
    private static final int MAX_TOKEN = 16 * 1024;

    /** Of the call on this thread. */
    static CallOrigin current() {
        CallOrigin origin = KEY.get();
        return origin == null ? new CallOrigin("unknown", null) : origin;
    }

    /** Notes the origin of each call. */
    static final class Interceptor implements ServerInterceptor {
        @Override
        public <Q, A> ServerCall.Listener<Q> interceptCall(
                ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
            String authorization = headers.get(AUTHORIZATION);
            String token = authorization != null
                            && authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())
                            && authorization.length() <= MAX_TOKEN
                    ? authorization.substring(BEARER.length()).strip()
                    : null;
            String peer = String.valueOf(call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR));
            Context context = Context.current().withValue(KEY, new CallOrigin(peer, token));
            return Contexts.interceptCall(context, call, headers, next);
        }
    }
}

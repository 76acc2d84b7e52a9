package io.hbone.identity.ca;

import java.util.concurrent.CompletionStage;

/** Says whose a token is. Safe for use by any thread; returns at once. */
public interface TokenAuthenticator {

    /**
     * @param token as it came, without {@code Bearer}; may be anything of up to 16 KiB
     * @return completes exceptionally with {@link TokenRejectedException} when it is nobody's, and with anything else when that
     *     cannot be found out now
     */
    CompletionStage<Caller> authenticate(String token);
}

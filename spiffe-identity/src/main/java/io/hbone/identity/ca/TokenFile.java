package io.hbone.identity.ca;

import io.hbone.core.FileStamp;
import io.hbone.core.SpiffeId;
import io.hbone.identity.internal.OwnerOnlyFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tokens from a file, which is read again when it changed. A line is
 *
 * <pre>{@code
 * # token, or sha256: and its digest in hexadecimal; name for the log; "impersonate" for nodes; identities
 * 7Hq0...                                   shop-job             spiffe://cluster.local/ns/shop/sa/job
 * sha256:e3b0c44298fc1c149afbf4c8996fb924.. node-a  impersonate  spiffe://cluster.local/ns/*&#47;sa/*
 * }</pre>
 *
 * Only who impersonates may ask as a node for its workloads, as ztunnel does in shared mode. A file that cannot be read, or has a
 * line that is wrong, changes nothing: the last good one stays in use. The file must be readable by its owner alone.
 */
public final class TokenFile implements TokenAuthenticator {
    private static final Logger log = LoggerFactory.getLogger(TokenFile.class);

    private static final String DIGEST = "sha256:";
    private static final String IMPERSONATE = "impersonate";

    /** Shorter ones can be guessed. */
    private static final int MIN_TOKEN = 16;

    private record Listed(String name, boolean impersonate, List<IdentityPattern> identities) implements Caller {
        @Override
        public @Nullable SpiffeId self() {
            return identities.size() == 1 ? identities.get(0).only() : null;
        }

        @Override
        public CompletionStage<Boolean> mayHave(SpiffeId id, boolean impersonated) {
            boolean listed = identities.stream().anyMatch(pattern -> pattern.matches(id));
            return CompletableFuture.completedStage(listed && (impersonate || !impersonated));
        }
    }

    private final Path file;
    private Map<String, Caller> callers;
    private @Nullable FileStamp seen;
    private @Nullable String lastProblem;

    private TokenFile(Path file, FileStamp seen, Map<String, Caller> callers) {
        this.file = file;
        this.seen = seen;
        this.callers = callers;
    }

    /** @throws IOException that says which line is wrong, or why the file cannot be read */
    public static TokenFile open(Path file) throws IOException {
        try {
            FileStamp stamp = FileStamp.of(file);
            return new TokenFile(file, stamp, read(file));
        } catch (NoSuchFileException e) {
            throw new IOException(file + ": no such file", e);
        }
    }

    @Override
    public CompletionStage<Caller> authenticate(String token) {
        Caller caller = callers().get(digest(token));
        return caller == null
                ? CompletableFuture.failedStage(new TokenRejectedException("not in " + file))
                : CompletableFuture.completedStage(caller);
    }

    private synchronized Map<String, Caller> callers() {
        try {
            FileStamp stamp = FileStamp.of(file);
            if (!stamp.equals(seen)) {
                callers = read(file);
                seen = stamp;
                lastProblem = null;
                log.info("tokens loaded: {} of {}", callers.size(), file);
            }
        } catch (IOException e) {
            if (!Objects.equals(lastProblem, e.getMessage())) {
                lastProblem = e.getMessage();
                log.warn("tokens not loaded, the last ones stay in use: {}", lastProblem);
            }
        }
        return callers;
    }

    private static Map<String, Caller> read(Path file) throws IOException {
        OwnerOnlyFiles.requireSecret(file);
        Map<String, Caller> callers = new HashMap<>();
        int number = 0;
        for (String line : Files.readString(file, StandardCharsets.UTF_8).split("\n", -1)) {
            number++;
            String stripped = line.strip();
            if (!stripped.isEmpty() && !stripped.startsWith("#")) {
                try {
                    add(callers, stripped.split("\\s+"));
                } catch (IllegalArgumentException e) {
                    throw new IOException(file + ": line " + number + ": " + e.getMessage(), e);
                }
            }
        }
        return Map.copyOf(callers);
    }

    private static void add(Map<String, Caller> callers, String[] words) {
        int at = 2;
        boolean impersonate = words.length > at && words[at].equals(IMPERSONATE);
        at += impersonate ? 1 : 0;
        if (words.length <= at) {
            throw new IllegalArgumentException(
                    words.length + " words (expected: token, name, \"impersonate\" or nothing, identities)");
        }
        List<IdentityPattern> identities = new ArrayList<>();
        for (; at < words.length; at++) {
            identities.add(IdentityPattern.parse(words[at]));
        }
        Caller caller = new Listed(words[1], impersonate, List.copyOf(identities));
        if (callers.put(key(words[0]), caller) != null) {
            throw new IllegalArgumentException("a token that is there already (expected: one line each)");
        }
    }

    private static String key(String word) {
        if (word.startsWith(DIGEST)) {
            String digest = word.substring(DIGEST.length());
            if (!digest.matches("[0-9a-f]{64}")) {
                throw new IllegalArgumentException(
                        "a digest that is none (expected: sha256: and 64 hexadecimal digits)");
            }
            return digest;
        }
        if (word.length() < MIN_TOKEN) {
            throw new IllegalArgumentException(
                    "a token of " + word.length() + " characters (expected: >= " + MIN_TOKEN + ")");
        }
        return digest(word);
    }

    /** Looked up by digest: how long a comparison takes then tells nothing of the tokens. */
    private static String digest(String token) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("a platform without SHA-256", e);
        }
    }
}

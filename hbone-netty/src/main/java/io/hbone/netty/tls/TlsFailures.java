package io.hbone.netty.tls;

import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslHandshakeTimeoutException;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Says in an operator's words why TLS failed. Takes what the handshake future failed with, and what {@code exceptionCaught} gets
 * afterwards: a server refuses a client's certificate after the client's handshake is over (see the package's page).
 */
public final class TlsFailures {
    /** What is looked through; nobody nests deeper, but causes may go in circles. */
    private static final int MAX_DEPTH = 16;

    private static final Pattern JDK_ALERT = Pattern.compile("Received fatal alert: ([a-z_0-9]+)");
    private static final Pattern JDK_OTHER_VERSION =
            Pattern.compile("protocol.* not (?:accepted by|enabled or supported in) ");
    private static final Pattern OPENSSL_ALERT = Pattern.compile("(?:SSLV3|TLSV1|TLSV13)_ALERT_([A-Z_0-9]+)");
    private static final Pattern OPENSSL_ERROR = Pattern.compile("OPENSSL_internal:([A-Z_0-9]+)");

    /** How Netty begins to tell of bytes that are not TLS; then they follow, hexadecimal. */
    static final String NOT_TLS = "not an SSL/TLS record: ";

    static final String NOT_H2 = "peer asked for application protocols without h2 (expected: h2 or none)";

    private static final String NO_CERTIFICATE = "peer presented no certificate (expected: an X509-SVID)";
    private static final String NO_TLS_13 = "peer does not speak TLS 1.3";

    /** How much of what is not TLS is shown, hexadecimal digits. */
    private static final int MAX_SHOWN = 32;

    private TlsFailures() {}

    /**
     * Whether {@code failure}, which came while or after a handshake ended, is the business of {@link #explain}: a TLS error or an
     * alert, in whatever wrapping. A connection that merely broke is not.
     */
    public static boolean isTls(Throwable failure) {
        return find(failure, SSLException.class) != null || find(failure, PeerRejectedException.class) != null;
    }

    /**
     * @param failure what the handshake failed with, or an exception after it that {@link #isTls} claims
     * @param peer the address that the message names
     * @return with {@link TunnelError#PEER_IDENTITY_MISMATCH}, {@link TunnelError#PEER_CERTIFICATE_REVOKED}, {@link TunnelError#TLS_HANDSHAKE_TIMEOUT} or, for all else, {@link
     *     TunnelError#TLS_HANDSHAKE_FAILED}
     */
    public static TunnelException explain(Throwable failure, Object peer) {
        PeerRejectedException rejected = find(failure, PeerRejectedException.class);
        if (rejected != null) {
            // The text of an identity error is known to operators by its first words.
            return rejected.error() == TunnelError.TLS_HANDSHAKE_FAILED
                    ? failed(peer, String.valueOf(rejected.getMessage()), failure)
                    : new TunnelException(rejected.error(), rejected.getMessage() + " (peer: " + peer + ")", failure);
        }
        SslHandshakeTimeoutException timeout = find(failure, SslHandshakeTimeoutException.class);
        if (timeout != null) {
            return new TunnelException(
                    TunnelError.TLS_HANDSHAKE_TIMEOUT, "TLS with " + peer + ": " + timeout.getMessage(), failure);
        }
        NotSslRecordException notTls = find(failure, NotSslRecordException.class);
        if (notTls != null) {
            return failed(peer, describeNotTls(notTls.getMessage()), failure);
        }
        if (find(failure, ClosedChannelException.class) != null) {
            return failed(peer, "the peer closed the connection during the handshake", failure);
        }
        SSLException tls = find(failure, SSLException.class);
        if (tls != null) {
            return failed(peer, describe(String.valueOf(tls.getMessage())), failure);
        }
        IOException io = find(failure, IOException.class);
        if (io != null) {
            return failed(peer, "the connection broke during the handshake: " + io.getMessage(), failure);
        }
        return failed(peer, failure.toString(), failure);
    }

    private static TunnelException failed(Object peer, String why, Throwable cause) {
        return new TunnelException(TunnelError.TLS_HANDSHAKE_FAILED, "TLS with " + peer + " failed: " + why, cause);
    }

    private static String describe(String message) {
        String alert = alert(message);
        if (alert != null) {
            return "peer sent alert: " + alert + meaning(alert);
        }
        Matcher openssl = OPENSSL_ERROR.matcher(message);
        if (openssl.find()) {
            return describeOpenSsl(openssl.group(1));
        }
        return describeJdk(message);
    }

    private static String describeJdk(String message) {
        if (message.contains("Empty client certificate chain")) {
            return NO_CERTIFICATE;
        }
        if (JDK_OTHER_VERSION.matcher(message).find()) {
            return NO_TLS_13;
        }
        if (message.contains("No matching application layer protocol")) {
            return NOT_H2;
        }
        return message;
    }

    private static String describeOpenSsl(String reason) {
        return switch (reason) {
            case "PEER_DID_NOT_RETURN_A_CERTIFICATE" -> NO_CERTIFICATE;
            case "UNSUPPORTED_PROTOCOL" -> NO_TLS_13;
            case "HTTP_REQUEST", "HTTPS_PROXY_REQUEST" -> "plain HTTP on a TLS port";
            case "WRONG_VERSION_NUMBER" -> "what the peer sends is not TLS";
            case "NO_SHARED_GROUP" ->
                "peer has no key exchange in common with us (ours: X25519MLKEM768, X25519, P-256, P-384)";
            case "NO_SHARED_CIPHER" -> "peer has no cipher suite in common with us";
            case "NO_COMMON_SIGNATURE_ALGORITHMS" -> "peer cannot verify signatures of our key's kind";
            default -> reason.toLowerCase(Locale.ROOT).replace('_', ' ');
        };
    }

    /** The alert as RFC 8446 section 6 names it, or null when {@code message} does not tell of one. */
    private static @Nullable String alert(String message) {
        Matcher jdk = JDK_ALERT.matcher(message);
        if (jdk.find()) {
            return jdk.group(1);
        }
        Matcher openssl = OPENSSL_ALERT.matcher(message);
        return openssl.find() ? openssl.group(1).toLowerCase(Locale.ROOT) : null;
    }

    private static String meaning(String alert) {
        return switch (alert) {
            case "certificate_required" -> " (it wants a certificate and got none)";
            case "unknown_ca" -> " (it does not trust our authority)";
            case "certificate_expired" -> " (to its clock our certificate is expired or not yet valid)";
            case "certificate_revoked" -> " (our certificate is on its revocation list)";
            case "bad_certificate", "certificate_unknown", "unsupported_certificate", "access_denied" ->
                " (it does not accept our certificate)";
            case "no_application_protocol" -> " (it does not speak h2)";
            case "protocol_version" -> " (it does not speak TLS 1.3)";
            case "handshake_failure" -> " (no key exchange or cipher suite in common)";
            default -> "";
        };
    }

    private static String describeNotTls(@Nullable String message) {
        if (message == null || !message.startsWith(NOT_TLS)) {
            return "what the peer sends is not TLS";
        }
        String hex = message.substring(NOT_TLS.length());
        if (startsWith(hex, "HTTP/", "GET ", "POST ", "PUT ", "HEAD ", "CONNECT ", "OPTIONS ", "DELETE ", "PRI * ")) {
            return "plain HTTP on a TLS port";
        }
        return "what the peer sends is not TLS, its first bytes: "
                + (hex.length() > MAX_SHOWN ? hex.substring(0, MAX_SHOWN) + "..." : hex);
    }

    private static boolean startsWith(String hex, String... words) {
        for (String word : words) {
            StringBuilder wordHex = new StringBuilder();
            word.chars().forEach(c -> wordHex.append(Integer.toHexString(c)));
            if (hex.startsWith(wordHex.toString())) {
                return true;
            }
        }
        return false;
    }

    private static <T extends Throwable> @Nullable T find(Throwable failure, Class<T> type) {
        Throwable next = failure;
        for (int depth = 0; next != null && depth < MAX_DEPTH; depth++) {
            if (type.isInstance(next)) {
                return type.cast(next);
            }
            next = next.getCause();
        }
        return null;
    }
}

package io.hbone.xds.ads;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Locale;

/** Where an xDS server is. */
public sealed interface XdsAddress {

    /**
     * Over TCP.
     *
     * @param tls whether the server proves who it is; without it nobody does, and nothing is secret
     */
    record Tcp(String host, int port, boolean tls) implements XdsAddress {
        public Tcp {
            if (host.isEmpty() || port < 1 || port > 65535) {
                throw new IllegalArgumentException(
                        "xDS address: " + host + ":" + port + " (expected: a host, and a port of 1 to 65535)");
            }
        }

        @Override
        public String toString() {
            return (tls ? "https://" : "http://") + (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
        }
    }

    /** A unix stream socket, which the file system guards. */
    record Unix(Path path) implements XdsAddress {
        @Override
        public String toString() {
            return "unix://" + path;
        }
    }

    /**
     * Reads {@code XDS_ADDRESS} (spec/cilium.md 6.1): {@code unix:///p}, {@code unix://p}, {@code unix:/p}, {@code
     * https://host:port}, {@code http://host:port}, or {@code host:port}, which means https.
     *
     * @throws IllegalArgumentException with what is wrong
     */
    static XdsAddress parse(String text) {
        if (text.startsWith("unix:")) {
            String path = text.substring("unix:".length());
            path = path.startsWith("//") ? path.substring(2) : path;
            if (path.isEmpty() || path.equals("/")) {
                throw new IllegalArgumentException("xDS address: " + text + " (expected: unix: and a path)");
            }
            return new Unix(Path.of(path));
        }
        int end = text.indexOf("://");
        String scheme = end < 0 ? "https" : text.substring(0, end).toLowerCase(Locale.ROOT);
        if (!scheme.equals("https") && !scheme.equals("http")) {
            throw new IllegalArgumentException(
                    "xDS address: " + text + " (expected: scheme https, http or unix, or none for https)");
        }
        boolean tls = scheme.equals("https");
        try {
            URI uri = new URI(end < 0 ? "https://" + text : text);
            String host = uri.getHost();
            if (host == null) {
                throw new IllegalArgumentException("xDS address: " + text + " (expected: host:port)");
            }
            boolean bracketed = host.startsWith("[");
            int port = uri.getPort() >= 0 ? uri.getPort() : tls ? 443 : 80;
            return new Tcp(bracketed ? host.substring(1, host.length() - 1) : host, port, tls);
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException("xDS address: " + text + " (expected: host:port)", e);
        }
    }
}

package io.hbone.node.dns;

import io.hbone.node.text.Ip;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What resolv.conf(5) says.
 *
 * @param servers in the order in which they are asked; at most {@link #MAX_SERVERS}
 * @param search what resolvers append to names, in lower case, without dots at the end
 */
record ResolverFile(List<InetSocketAddress> servers, List<String> search) {
    /** As resolvers have it. */
    static final int MAX_SERVERS = 3;

    private static final int PORT = 53;

    ResolverFile {
        servers = List.copyOf(servers);
        search = List.copyOf(search);
    }

    /** @throws IOException when it cannot be read */
    static ResolverFile read(Path path) throws IOException {
        return parse(new String(Files.readAllBytes(path), StandardCharsets.ISO_8859_1));
    }

    /** Of lines that nobody understands none counts: that is how resolvers read it. */
    static ResolverFile parse(String text) {
        List<InetSocketAddress> servers = new ArrayList<>();
        List<String> search = List.of();
        for (String line : text.split("\\R")) {
            String[] words = line.strip().split("\\s+");
            if (words[0].equals("nameserver") && words.length > 1 && servers.size() < MAX_SERVERS) {
                InetAddress address = Ip.parse(words[1]);
                if (address != null) {
                    servers.add(new InetSocketAddress(address, PORT));
                }
            } else if (words[0].equals("search") || words[0].equals("domain")) {
                search = names(words);
            }
        }
        return new ResolverFile(servers, search);
    }

    private static List<String> names(String[] words) {
        List<String> names = new ArrayList<>();
        for (String word : List.of(words).subList(1, words.length)) {
            String name = word.toLowerCase(Locale.ROOT);
            names.add(name.endsWith(".") ? name.substring(0, name.length() - 1) : name);
        }
        names.removeIf(String::isEmpty);
        return names;
    }
}

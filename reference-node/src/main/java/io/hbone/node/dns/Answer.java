package io.hbone.node.dns;

import java.net.InetAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the mesh says to a name that it knows.
 *
 * @param alias the name that it goes by, where the one that was asked for only leads to it; null when they are the same
 * @param addresses of the asked family; may be none
 */
record Answer(@Nullable String alias, List<InetAddress> addresses) {}

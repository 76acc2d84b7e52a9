/**
 * What the kernel remembers of the connections of a network namespace (connection tracking), and making it forget some of it. It is
 * asked by netlink (netlink(7), the kernel's {@code uapi/linux/netfilter/nfnetlink_conntrack.h}), as its program {@code conntrack} is
 * rarely installed. Knows nothing of meshes.
 */
@NullMarked
package io.hbone.enrollment.conntrack;

import org.jspecify.annotations.NullMarked;

/**
 * Linux, as far as ZDS needs it: owned file descriptors, unix sockets of type SOCK_SEQPACKET that carry file descriptors
 * (SCM_RIGHTS), and network namespaces. The calls themselves are in one interface, {@code Libc}; the layouts are those of x86_64 and
 * aarch64, which do not differ in anything used here.
 *
 * <p>Not API. Nothing here knows ZDS.
 */
@NullMarked
package io.hbone.zds.internal;

import org.jspecify.annotations.NullMarked;

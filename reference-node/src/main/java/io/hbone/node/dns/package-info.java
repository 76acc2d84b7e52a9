/**
 * The DNS proxy of pods (spec/ztunnel.md 12): {@link io.hbone.node.dns.DnsProxy} answers names that the mesh knows, as the pod that
 * asks would see them, and passes everything else on to the machine's name servers, as it came, and their replies back, as they
 * came.
 *
 * <p>Messages are bytes here, and not objects of a codec: a reply that is taken apart into records and put together again loses what
 * the codec does not know, such as compressed names inside of records. Only the head and the question of a query are read ({@code
 * Query}), and only addresses of the mesh are written ({@code Replies}).
 */
@NullMarked
package io.hbone.node.dns;

import org.jspecify.annotations.NullMarked;

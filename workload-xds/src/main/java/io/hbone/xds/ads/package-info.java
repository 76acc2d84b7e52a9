/**
 * The client of delta ADS (spec/ztunnel.md 7): keeps a stream to a server, asks for both types at once, hands what comes to a {@link
 * io.hbone.xds.ResourceSink}, and answers every response. It sees its server through an {@link io.hbone.xds.ads.AdsTransport}, of
 * which {@link io.hbone.xds.ads.GrpcAdsTransport} is the one over TCP with TLS or a unix socket.
 *
 * <p>What is better than in ztunnel: what disappeared while the stream was down is removed, also when the server does not read
 * versions; a stream that ends at once is not tried again without a pause; waiting for an on-demand resource has a bound, and an
 * alias ends it; one bad resource does not keep a node from being ready.
 *
 * <p><b>Threading:</b> everything that changes lives on the one thread of the client's executor.
 */
@NullMarked
package io.hbone.xds.ads;

import org.jspecify.annotations.NullMarked;

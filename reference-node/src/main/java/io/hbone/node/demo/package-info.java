/**
 * {@code hbone demo}: the node's main job in one command, with the evidence that it was done. Four pods, of which two are
 * enrolled, talk to each other in every combination, over a wire that is listened to.
 *
 * <p>Three kinds of things live here, and know each other in this order only: the players ({@link
 * io.hbone.node.demo.EchoService}, {@link io.hbone.node.demo.EchoClient}, {@link io.hbone.node.demo.WireTap}, and {@link
 * io.hbone.node.demo.NodeLog} for what nodes report), the {@link io.hbone.node.demo.Topology} that places them (in network
 * namespaces, or on loopback), and the {@link io.hbone.node.demo.Judge}, which sees nothing but the {@link
 * io.hbone.node.demo.Evidence} that they gathered. Nothing here is part of a node.
 */
@NullMarked
package io.hbone.node.demo;

import org.jspecify.annotations.NullMarked;

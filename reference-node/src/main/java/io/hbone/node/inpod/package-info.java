/**
 * Shared mode ({@code PROXY_MODE=shared}): one process serves every pod of the machine that an agent hands over by ZDS
 * (spec/ztunnel.md 8). Listeners and outgoing sockets of a pod belong to the pod's network namespace; everything else, above all
 * the way to control planes, belongs to the process's own.
 */
@NullMarked
package io.hbone.node.inpod;

import org.jspecify.annotations.NullMarked;

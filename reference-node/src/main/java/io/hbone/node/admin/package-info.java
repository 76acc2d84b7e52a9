/**
 * What operators ask the node: whether it is ready (15021), what it knows and how it is set up, and to log more or to leave
 * (15000, this machine only; spec/ztunnel.md 11).
 */
@NullMarked
package io.hbone.node.admin;

import org.jspecify.annotations.NullMarked;

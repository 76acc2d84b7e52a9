/** Joins the node with its sources of certificates: opens the one that is set, logs and counts what it does, shows what it holds. */
@NullMarked
package io.hbone.node.identity;

import org.jspecify.annotations.NullMarked;

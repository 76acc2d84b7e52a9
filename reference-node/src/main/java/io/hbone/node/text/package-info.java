/** Small helpers for text that all rooms of the node share: JSON out, IP addresses in. Nothing here knows what a node is. */
@NullMarked
package io.hbone.node.text;

import org.jspecify.annotations.NullMarked;

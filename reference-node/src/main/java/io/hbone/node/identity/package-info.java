/**
 * Where the node's certificates come from when there is neither SPIRE nor istiod: PEM files that somebody else renews, and a
 * development CA that lives in a directory. Both are {@link io.hbone.core.IdentitySource}s; the module spiffe-identity brings
 * more of them.
 */
@NullMarked
package io.hbone.node.identity;

import org.jspecify.annotations.NullMarked;

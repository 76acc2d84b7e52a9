/** Revocation lists from a file: {@link io.hbone.identity.crl.CrlFile} (spec/ztunnel.md 9.4). */
@NullMarked
package io.hbone.identity.crl;

import org.jspecify.annotations.NullMarked;

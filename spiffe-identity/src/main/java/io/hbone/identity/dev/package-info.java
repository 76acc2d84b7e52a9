/**
 * A certificate authority for development: nodes that share its directory trust each other, and that is all it takes. {@link
 * io.hbone.identity.dev.DevCa} is the authority, {@link io.hbone.identity.dev.DevCaIdentitySource} keeps certificates of it
 * fresh.
 */
@NullMarked
package io.hbone.identity.dev;

import org.jspecify.annotations.NullMarked;

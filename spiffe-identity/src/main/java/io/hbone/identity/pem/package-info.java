/** Certificates from PEM files that somebody else renews, watched: {@link io.hbone.identity.pem.PemIdentitySource}. */
@NullMarked
package io.hbone.identity.pem;

import org.jspecify.annotations.NullMarked;

/**
 * Certificates from an Istio CA: istiod, or {@code hbone ca}. {@link io.hbone.identity.istio.IstioCaFetcher} is the client,
 * {@link io.hbone.identity.istio.CaRoots} says by which roots the CA's own TLS certificate is verified. The rules are those of
 * spec/ztunnel.md 9.2.
 */
@NullMarked
package io.hbone.identity.istio;

import org.jspecify.annotations.NullMarked;

/**
 * A certificate authority for small installations that speaks the protocol of Istio's, so that a stock ztunnel gets its
 * certificates from it: {@link io.hbone.identity.ca.CertificateAuthority} signs, {@link io.hbone.identity.ca.IssuancePolicy} says
 * what, a {@link io.hbone.identity.ca.TokenAuthenticator} says for whom, {@link io.hbone.identity.ca.IstioCaServer} serves it.
 */
@NullMarked
package io.hbone.identity.ca;

import org.jspecify.annotations.NullMarked;

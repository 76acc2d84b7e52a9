/**
 * Certificates for workloads. A {@code ManagedIdentitySource} keeps one for each workload and can be looked into; the package
 * {@code spire} makes those that agents push certificates to, and {@code CertificateManager} makes one of any {@code
 * CertificateFetcher}. All run with a {@code SourceContext} and report to an {@code IdentityObserver}. The package {@code process}
 * finds and holds workloads' processes; {@code internal} is nobody else's business.
 */
@NullMarked
package io.hbone.identity;

import org.jspecify.annotations.NullMarked;

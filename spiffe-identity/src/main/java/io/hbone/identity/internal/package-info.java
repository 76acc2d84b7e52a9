/**
 * What the identity sources are made of, and nobody else's business. {@code HeldCertificates} is the source: it keeps what is in
 * use and judges what comes. A {@code CertificateFeed} brings it: {@code RefreshingFeed} by asking, those of the package {@code
 * spire} by streams. Both run on an {@code Actor}, and let an {@code Admission} keep them from asking for everything at once.
 * Besides, what packages share: PEM, issuing of certificates, files that only their owner may read, subscriptions.
 */
@NullMarked
package io.hbone.identity.internal;

import org.jspecify.annotations.NullMarked;

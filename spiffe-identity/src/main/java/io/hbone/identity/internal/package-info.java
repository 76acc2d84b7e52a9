/**
 * What the packages of this module share and nobody else may use: PEM, issuing of certificates, files that only their owner may
 * read, subscriptions.
 */
@NullMarked
package io.hbone.identity.internal;

import org.jspecify.annotations.NullMarked;

/** Generated from {@code istio/security/authorization.proto}: policies as they travel. */
@NullMarked
package io.hbone.xds.proto.security;

import org.jspecify.annotations.NullMarked;

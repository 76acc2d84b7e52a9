/** Generated from {@code envoy/}: the messages and the service of delta ADS. */
@NullMarked
package io.hbone.xds.proto.discovery;

import org.jspecify.annotations.NullMarked;

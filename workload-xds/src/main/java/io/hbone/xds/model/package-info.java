/**
 * Workloads and services as values: immutable, checked, independent of how they are encoded. {@link
 * io.hbone.xds.model.AddressCodec} turns them into the messages of spec/ztunnel.md 7.5 and back.
 */
@NullMarked
package io.hbone.xds.model;

import org.jspecify.annotations.NullMarked;

/**
 * Who is where, and who may talk.
 *
 * <p>Here is what the rooms share: a resource with its name and version, and the sink that takes them.
 * <ul>
 *   <li>{@code .store}: workloads and services, decoded into immutable snapshots with their indexes
 *   <li>{@code .routing}: what happens to a connection, decided on a snapshot
 *   <li>{@code .policy}: which connections are allowed
 *   <li>{@code .ads}: client and server of the delta protocol that delivers the resources
 *   <li>{@code .file}: the local file that delivers them where there is no server
 * </ul>
 */
@NullMarked
package io.hbone.xds;

import org.jspecify.annotations.NullMarked;

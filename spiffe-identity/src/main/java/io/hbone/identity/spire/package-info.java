/**
 * Certificates from agents that speak SPIFFE: SPIRE's Delegated Identity API, the Workload API and the SPIFFE Broker API.
 *
 * <p>{@code SpireDelegatedSource}, {@code WorkloadApiSource} and {@code BrokerSource} are what users see. Behind all of them a
 * {@code StreamFeed} keeps an {@code AgentStream} for each subject, and a {@code StreamedCertificate} for each workload makes a
 * certificate of what comes. An {@code SvidOpener} knows how one API is asked.
 */
@NullMarked
package io.hbone.identity.spire;

import org.jspecify.annotations.NullMarked;

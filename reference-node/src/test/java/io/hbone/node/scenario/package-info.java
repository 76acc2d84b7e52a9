/**
 * Enrolment on whole machines: the twelve scenarios of Cilium's connectivity test (spec/cilium.md 9.1), and what must hold while
 * workloads enter and leave the mesh and while nodes die.
 *
 * <p>Two machines are two network namespaces with a switch each, pods behind them and a wire between them. Nodes, agents and the CA
 * are processes; the applications are threads of the test with sockets inside of the pods, so that tens of thousands of connections
 * cost seconds. {@link io.hbone.node.scenario.Taps} sees everything that crosses a switch or the wire. {@link
 * io.hbone.node.scenario.Scenarios} holds the tests; each of its subclasses runs them with other nodes. What the processes said
 * and what tcpdump saw is in {@code target/traffic}.
 */
package io.hbone.node.scenario;

package io.hbone.node.scenario;

import io.hbone.node.traffic.Pod;
import io.hbone.zds.NamespaceThread;
import io.hbone.zds.NetworkNamespace;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.Callable;

/** A pod as Kubernetes would have it, on one of the machines, and sockets inside of it. */
final class Workload implements AutoCloseable {
    /** Where the application of each listens. */
    static final int PORT = 8080;

    private final Pod pod;
    private final String machine;
    private final String namespace;
    private final String name;
    private final NetworkNamespace inside;
    private final EchoServer application;

    Workload(Pod pod, String machine, String namespace, String name) throws IOException {
        this.pod = pod;
        this.machine = machine;
        this.namespace = namespace;
        this.name = name;
        this.inside = NetworkNamespace.named(pod.namespace());
        this.application =
                new EchoServer(open(() -> ServerSocketChannel.open().bind(new InetSocketAddress(PORT), 512)));
    }

    Pod pod() {
        return pod;
    }

    /** The label of its machine. */
    String machine() {
        return machine;
    }

    /** The one of Kubernetes. */
    String namespace() {
        return namespace;
    }

    String name() {
        return name;
    }

    /** Of the pod, for agents and nodes. */
    String uid() {
        return namespace + "-" + name;
    }

    InetAddress address(Family family) {
        return family.of(pod);
    }

    /** Connects to the application of another one. */
    Conversation connect(Workload to, Family family) throws IOException {
        SocketChannel channel = open(SocketChannel::open);
        return Conversation.open(channel, new InetSocketAddress(to.address(family), PORT), address(family));
    }

    /** Connects, exchanges a token, and closes. */
    Attempt call(Workload to, Family family) {
        String token = Token.next();
        long began = System.nanoTime();
        String outcome;
        try (Conversation conversation = connect(to, family)) {
            conversation.exchange(token);
            outcome = Attempt.OK;
        } catch (IOException e) {
            outcome = String.valueOf(e.getMessage());
        }
        return new Attempt(this + " to " + to + " by " + family, token, began, System.nanoTime(), outcome);
    }

    /** Sends one packet that no rule redirects. */
    void sendDatagram(Workload to, int port, String text) throws IOException {
        try (DatagramChannel channel = open(DatagramChannel::open)) {
            channel.send(Token.bytes(text), new InetSocketAddress(to.address(Family.IPV4), port));
        }
    }

    private <T> T open(Callable<T> job) throws IOException {
        try {
            return Sockets.THREAD.call(inside, job);
        } catch (IOException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        application.close();
        inside.close();
    }

    @Override
    public String toString() {
        return namespace + '/' + name;
    }

    /** Opens the sockets of all pods. */
    private static final class Sockets {
        static final NamespaceThread THREAD = NamespaceThread.start("scenario-sockets");
    }
}

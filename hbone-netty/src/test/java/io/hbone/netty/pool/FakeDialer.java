package io.hbone.netty.pool;

import io.hbone.core.HboneSettings;
import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.hbone.core.WorkloadCertificate;
import io.hbone.netty.h2.Tunnel;
import io.hbone.netty.h2.WindowBudget;
import io.hbone.netty.testing.Http2Peer;
import io.netty.channel.EventLoop;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/** Dials that end when the test says so; what they dial are tunnels without TLS to a scripted peer. */
final class FakeDialer implements PeerTunnels.Dialer, AutoCloseable {

    record Dial(Peer peer, EventLoop loop, PeerTunnels pool) {}

    /** A tunnel and its other end. */
    record Line(Tunnel tunnel, Http2Peer peer) {}

    private final HboneSettings settings;
    private final ArrayDeque<Dial> pending = new ArrayDeque<>();
    private final List<Line> lines = new ArrayList<>();
    private boolean failing;

    FakeDialer(HboneSettings settings) {
        this.settings = settings;
    }

    @Override
    public void dial(Peer peer, EventLoop loop, PeerTunnels pool) {
        if (failing) {
            pool.dialFailed(failure());
            return;
        }
        pending.add(new Dial(peer, loop, pool));
    }

    /** Every dial fails at once from now on. */
    void failAtOnce() {
        failing = true;
    }

    int pending() {
        return pending.size();
    }

    /** The oldest dial succeeds; the peer has sent {@code settings}. */
    Line succeed(WorkloadCertificate certificate, long... peerSettings) {
        Dial dial = pending.remove();
        Tunnel tunnel = Tunnel.client(settings, new WindowBudget(0), new TunnelDialer.PoolResult(dial.pool()));
        Line line = new Line(tunnel, Http2Peer.ofClient(tunnel));
        lines.add(line);
        line.peer()
                .send(Http2Peer.settings(peerSettings), Http2Peer.settingsAck())
                .ignoreAnswers();
        dial.pool().dialed(tunnel, certificate);
        return line;
    }

    /** The oldest dial brings a tunnel that is gone again. */
    void succeedWithADeadTunnel(WorkloadCertificate certificate) {
        Dial dial = pending.remove();
        Tunnel tunnel = Tunnel.client(settings, new WindowBudget(0), new TunnelDialer.PoolResult(dial.pool()));
        Http2Peer peer = Http2Peer.ofClient(tunnel);
        lines.add(new Line(tunnel, peer));
        peer.channel().close();
        dial.pool().dialed(tunnel, certificate);
    }

    /** The oldest dial fails. */
    void fail() {
        pending.remove().pool().dialFailed(failure());
    }

    private static TunnelException failure() {
        return new TunnelException(TunnelError.TUNNEL_CONNECT_FAILED, "test");
    }

    @Override
    public void close() {
        lines.forEach(line -> line.peer().close());
    }
}

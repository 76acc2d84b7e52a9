package io.hbone.identity.spire;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.util.function.Function;

/** A server-streaming call whose messages are turned into something else on their way. No deadline: it is to stay. */
final class GrpcCall<Q, A, T> extends ClientCall.Listener<A> implements AgentCall {
    private final ClientCall<Q, A> call;
    private final Function<A, T> read;
    private final Function<Status, AgentFailure> explain;
    private final Receiver<T> receiver;

    private GrpcCall(
            ClientCall<Q, A> call, Function<A, T> read, Function<Status, AgentFailure> explain, Receiver<T> receiver) {
        this.call = call;
        this.read = read;
        this.explain = explain;
        this.receiver = receiver;
    }

    static <Q, A, T> AgentCall start(
            Channel channel,
            MethodDescriptor<Q, A> method,
            Metadata headers,
            Q request,
            Function<A, T> read,
            Function<Status, AgentFailure> explain,
            AgentCall.Receiver<T> receiver) {
        ClientCall<Q, A> call = channel.newCall(method, CallOptions.DEFAULT);
        GrpcCall<Q, A, T> started = new GrpcCall<>(call, read, explain, receiver);
        call.start(started, headers);
        call.sendMessage(request);
        call.halfClose();
        call.request(1);
        return started;
    }

    @Override
    public void onMessage(A message) {
        receiver.onMessage(read.apply(message));
        call.request(1);
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
        receiver.onEnd(explain.apply(status));
    }

    @Override
    public void cancel() {
        call.cancel("no longer needed", null);
    }
}

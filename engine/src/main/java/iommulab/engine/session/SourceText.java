package iommulab.engine.session;

import iommulab.engine.traffic.Pattern;
import iommulab.engine.traffic.TrafficSource;

/// Traffic sources in the call vocabulary:
/// `traffic.set_source(id=1, device=0000:03:00.0, pattern=zipf, start=0x0, …)`.
final class SourceText {
    private SourceText() {}

    /// The call that adds a source.
    static Call toCall(TrafficSource source) {
        var call =
                Call.of("traffic.set_source")
                        .with("id", source.id())
                        .with("device", source.device().toString());
        return withPattern(call, source.pattern())
                .with("weight", source.weight())
                .with("requestBytes", source.requestBytes())
                .with("writePercent", source.writePercent())
                .with("seed", source.seed());
    }

    private static Call withPattern(Call call, Pattern pattern) {
        return switch (pattern) {
            case Pattern.Sequential(long start, long bytes) ->
                    call.with("pattern", "sequential").withHex("start", start).with("bytes", bytes);
            case Pattern.Uniform(long start, long bytes) ->
                    call.with("pattern", "uniform").withHex("start", start).with("bytes", bytes);
            case Pattern.Zipf(long start, long bytes, double exponent) ->
                    call.with("pattern", "zipf")
                            .withHex("start", start)
                            .with("bytes", bytes)
                            .with("exponent", Double.toString(exponent));
            case Pattern.Stride(long start, long bytes, long strideBytes) ->
                    call.with("pattern", "stride")
                            .withHex("start", start)
                            .with("bytes", bytes)
                            .with("strideBytes", strideBytes);
            case Pattern.NicRing(long ring, int descriptors, long buffers, int bufferBytes) ->
                    call.with("pattern", "nic_ring")
                            .withHex("ring", ring)
                            .with("descriptors", descriptors)
                            .withHex("buffers", buffers)
                            .with("bufferBytes", bufferBytes);
            case Pattern.NvmePrp(long queue, int entries, long lists, long data, int pages) ->
                    call.with("pattern", "nvme_prp")
                            .withHex("queue", queue)
                            .with("entries", entries)
                            .withHex("prpLists", lists)
                            .withHex("data", data)
                            .with("pagesPerCommand", pages);
            case Pattern.PeerToPeer(var target, int bar) ->
                    call.with("pattern", "peer_to_peer")
                            .with("target", target.toString())
                            .with("bar", bar);
            case Pattern.Msi(int vectors) -> call.with("pattern", "msi").with("vectors", vectors);
        };
    }

    /// The source that a call adds.
    ///
    /// @throws CommandRefused if an argument is missing, unknown or of the wrong type
    static TrafficSource toSource(CallArguments a) throws CommandRefused {
        return new TrafficSource(
                a.count("id"),
                a.function("device"),
                pattern(a),
                a.count("weight"),
                a.count("requestBytes"),
                a.count("writePercent"),
                a.number("seed"));
    }

    private static Pattern pattern(CallArguments a) throws CommandRefused {
        return switch (a.word("pattern")) {
            case "sequential" -> new Pattern.Sequential(a.number("start"), a.number("bytes"));
            case "uniform" -> new Pattern.Uniform(a.number("start"), a.number("bytes"));
            case "zipf" ->
                    new Pattern.Zipf(a.number("start"), a.number("bytes"), a.decimal("exponent"));
            case "stride" ->
                    new Pattern.Stride(
                            a.number("start"), a.number("bytes"), a.number("strideBytes"));
            case "nic_ring" ->
                    new Pattern.NicRing(
                            a.number("ring"),
                            a.count("descriptors"),
                            a.number("buffers"),
                            a.count("bufferBytes"));
            case "nvme_prp" ->
                    new Pattern.NvmePrp(
                            a.number("queue"),
                            a.count("entries"),
                            a.number("prpLists"),
                            a.number("data"),
                            a.count("pagesPerCommand"));
            case "peer_to_peer" -> new Pattern.PeerToPeer(a.function("target"), a.count("bar"));
            case "msi" -> new Pattern.Msi(a.count("vectors"));
            default ->
                    throw a.refused(
                            "argument 'pattern': take sequential, uniform, zipf, stride, nic_ring,"
                                    + " nvme_prp, peer_to_peer or msi");
        };
    }
}

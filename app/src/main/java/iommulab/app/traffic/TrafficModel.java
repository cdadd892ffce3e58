package iommulab.app.traffic;

import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.Counters;
import iommulab.engine.session.MachineSnapshot.DmaEvent;
import iommulab.engine.traffic.TrafficSource;

import java.util.List;

/// What the Traffic perspective shows in words. Pure but for the rates that it is given.
///
/// @param rows one per source
/// @param total what the whole machine did
/// @param running whether traffic runs
record TrafficModel(List<Row> rows, String total, boolean running) {

    /// One source.
    ///
    /// @param share of the requests, by weight
    /// @param served requests made, or a dash if the engine does not say
    record Row(
            TrafficSource source,
            String device,
            String pattern,
            String share,
            String bytes,
            String writes,
            String served,
            String rate) {}

    static TrafficModel of(MachineSnapshot machine, RateHistory rates) {
        long weights = machine.sources().stream().mapToLong(TrafficSource::weight).sum();
        return new TrafficModel(
                machine.sources().stream().map(s -> row(s, weights, machine, rates)).toList(),
                total(machine.counters(), rates),
                machine.running());
    }

    private static Row row(
            TrafficSource source, long weights, MachineSnapshot machine, RateHistory rates) {
        var served = machine.served().get(source.id());
        return new Row(
                source,
                name(source.device()),
                PatternKind.describe(source.pattern()),
                "%d (%.0f %%)".formatted(source.weight(), 100.0 * source.weight() / weights),
                source.requestBytes() + " B",
                source.writePercent() + " %",
                served == null ? "–" : thousands(served),
                perSecond(rates.rate(source.id())));
    }

    static String name(PciAddress device) {
        return device.domain() == 0 ? device.withoutDomain() : device.toString();
    }

    private static String total(Counters counters, RateHistory rates) {
        return "%s requests, %s, %s MB/s"
                .formatted(
                        thousands(counters.requests()),
                        perSecond(rates.rate()),
                        thousands(Math.round(rates.bytesRate() / 1e6)));
    }

    static String perSecond(double rate) {
        return thousands(Math.round(rate)) + "/s";
    }

    static String thousands(long number) {
        return "%,d".formatted(number).replace(',', '\u2009');
    }

    /// How a single DMA ended, in one sentence.
    static String ended(DmaEvent event) {
        var reached =
                switch (event.outcome()) {
                    case HIT, WALK, STALE ->
                            "reached 0x%x after %d memory reads"
                                    .formatted(event.target(), event.reads());
                    case PEER ->
                            "reached %s; the IOMMU never saw it"
                                    .formatted(
                                            event.peer().map(TrafficModel::name).orElse("a peer"));
                    case FAULT ->
                            "fault %s"
                                    .formatted(
                                            event.fault()
                                                    .map(f ->
                                                            "%02xh: %s"
                                                                    .formatted(
                                                                            f.code(),
                                                                            f.kernelText()))
                                                    .orElse(""));
                    case BLOCKED -> "stopped by the fabric";
                    case BYPASS -> "reached 0x%x, not translated".formatted(event.target());
                    case INTERRUPT -> "an interrupt message";
                };
        return "%s: %s, %d cycles.%s"
                .formatted(
                        event.outcome().word(),
                        reached,
                        event.cycles(),
                        event.note().isEmpty() ? "" : " " + event.note());
    }
}

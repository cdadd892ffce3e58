package iommulab.engine.os;

import iommulab.engine.os.call.Action;
import iommulab.engine.os.call.Answer;
import iommulab.engine.os.call.Arguments;
import iommulab.engine.os.call.BadArgument;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.device.DeviceRequests;
import iommulab.engine.os.device.Devices;
import iommulab.engine.os.iommufd.PageRequests;
import iommulab.engine.os.process.Processes;

import java.util.Map;
import java.util.OptionalInt;

/// DMA that somebody has a device do, told in the words of processes: which byte of whose memory it
/// reached.
final class DmaCalls implements CallTable {
    private final DeviceRequests requests;
    private final Devices devices;
    private final Processes processes;

    DmaCalls(DeviceRequests requests, Devices devices, Processes processes) {
        this.requests = requests;
        this.devices = devices;
        this.processes = processes;
    }

    @Override
    public Map<String, Action> actions() {
        return Map.of("dma.issue", this::issue);
    }

    private Answer issue(Arguments a) throws CallFailed, BadArgument {
        var device = devices.named(a, "device");
        long iova = Processes.address(a, "iova", processes.first());
        boolean write =
                switch (a.word("dir")) {
                    case "read" -> false;
                    case "write" -> true;
                    default -> throw a.wrong("dir", a.value("dir"), "read or write");
                };
        var pasid = a.has("pasid") ? OptionalInt.of((int) a.number("pasid")) : OptionalInt.empty();
        var dma = requests.dma(device.address(), iova, (int) a.number("length"), write, pasid);
        PageRequests.collect(requests, device);
        var answer = Answer.OK.because(dma.message());
        return dma.reached()
                ? answer.with("outcome", "ok").with("host", host(dma.hpa()))
                : answer.with("outcome", "fault").with("reason", dma.reason());
    }

    private String host(long hpa) {
        return processes.pages().nameOf(hpa).orElse("phys+0x%x".formatted(hpa));
    }
}

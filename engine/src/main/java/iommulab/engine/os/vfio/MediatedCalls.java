package iommulab.engine.os.vfio;

import iommulab.engine.os.CallTable;
import iommulab.engine.os.call.Action;
import iommulab.engine.os.call.Answer;
import iommulab.engine.os.call.Arguments;
import iommulab.engine.os.call.BadArgument;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.device.Devices;
import iommulab.engine.os.process.Processes;

import java.util.Map;

/// Mediated devices are made and removed, and their drivers use the memory of their users.
public final class MediatedCalls implements CallTable {
    private final LentDevices lent;
    private final Devices devices;
    private final Processes processes;

    public MediatedCalls(LentDevices lent, Devices devices, Processes processes) {
        this.lent = lent;
        this.devices = devices;
        this.processes = processes;
    }

    @Override
    public Map<String, Action> actions() {
        return Map.of(
                "mdev.create", this::create,
                "mdev.remove", this::remove,
                "mdev.pin", this::pin,
                "mdev.unpin", this::unpin,
                "mdev.dma_rw", this::readOrWrite);
    }

    private Answer create(Arguments a) throws CallFailed, BadArgument {
        var made = lent.create(devices.named(a, "parent"), a.word("name"));
        return Answer.OK.with("group", made.groupId());
    }

    private Answer remove(Arguments a) throws BadArgument {
        var device = lent.mediated(a, "device");
        if (device.isOpen()) {
            return Answer.OK
                    .with("blocked", true)
                    .because(
                            "A user has %s open: the driver asks for it and waits."
                                    .formatted(device));
        }
        lent.remove(device);
        return Answer.OK.with("blocked", false);
    }

    private Answer pin(Arguments a) throws CallFailed, BadArgument {
        int pin =
                lent.mediated(a, "device").pin(iova(a), a.number("length"), a.flag("write", false));
        return Answer.OK.with("pin", pin);
    }

    private long iova(Arguments a) throws BadArgument {
        return Processes.address(a, "iova", processes.first());
    }

    private Answer unpin(Arguments a) throws CallFailed, BadArgument {
        lent.mediated(a, "device").unpin((int) a.number("pin"));
        return Answer.OK;
    }

    private Answer readOrWrite(Arguments a) throws CallFailed, BadArgument {
        long hpa =
                lent.mediated(a, "device")
                        .readOrWrite(iova(a), a.number("length"), a.flag("write", false));
        return Answer.OK.with(
                "host", processes.pages().nameOf(hpa).orElse("phys+0x%x".formatted(hpa)));
    }
}

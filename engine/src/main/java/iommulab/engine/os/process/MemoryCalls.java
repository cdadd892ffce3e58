package iommulab.engine.os.process;

import iommulab.engine.os.CallTable;
import iommulab.engine.os.call.Action;
import iommulab.engine.os.call.Answer;
import iommulab.engine.os.call.Arguments;
import iommulab.engine.os.call.BadArgument;
import iommulab.engine.os.call.CallFailed;

import java.util.Map;

/// What processes do with their memory.
public final class MemoryCalls implements CallTable {
    private static final long PAGE = 4096;

    private final Processes processes;
    private final LockedPages locked;

    public MemoryCalls(Processes processes, LockedPages locked) {
        this.processes = processes;
        this.locked = locked;
    }

    @Override
    public Map<String, Action> actions() {
        return Map.of("mem.munmap", this::unmap, "mem.pinned", this::pinned);
    }

    private Answer unmap(Arguments a) throws CallFailed, BadArgument {
        var process = processes.acting(a, processes.first());
        long va = Processes.address(a, "range", process);
        long bytes = a.number("length");
        if (((va | bytes) & PAGE - 1) != 0 || bytes == 0) {
            throw new CallFailed(
                    "EINVAL", "munmap takes whole pages: 0x%x bytes at 0x%x.".formatted(bytes, va));
        }
        process.memory().unmap(va, bytes);
        return Answer.OK;
    }

    private Answer pinned(Arguments a) throws BadArgument {
        return Answer.OK.with("pages", locked.of(processes.acting(a, processes.first())));
    }
}

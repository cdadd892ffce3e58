package iommulab.engine.os.iommufd;

import iommulab.engine.iommu.PageResponse;
import iommulab.engine.os.CallTable;
import iommulab.engine.os.OpenFiles;
import iommulab.engine.os.call.Action;
import iommulab.engine.os.call.Answer;
import iommulab.engine.os.call.Arguments;
import iommulab.engine.os.call.BadArgument;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.call.Value;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Calls on queues of page requests. Source: kernel `drivers/iommu/iommufd/eventq.c`.
public final class FaultCalls implements CallTable {
    private static final int RECORD = 40;
    private static final int RESPONSE = 8;
    private static final int USUAL_ROOM = 8;
    private static final long PASID_VALID = 1;
    private static final long LAST_PAGE = 2;
    private static final long READ_AND_WRITE = 3;

    private final OpenFiles files;

    public FaultCalls(OpenFiles files) {
        this.files = files;
    }

    @Override
    public Map<String, Action> actions() {
        return Map.of(
                "iommufd.fault_alloc", this::alloc,
                "iommufd.fault_read", this::read,
                "iommufd.fault_respond", this::respond,
                "iommufd.fault_close", this::close);
    }

    private Answer alloc(Arguments a) throws CallFailed, BadArgument {
        var file = files.required(a, "iommufd", Iommufd.class);
        if (a.number("flags", 0) != 0) {
            throw new CallFailed("EOPNOTSUPP", "A queue of page requests has no flags.");
        }
        var queue = new FaultQueue(file);
        var opened = new FaultFile(files.newHandle("fault"), queue);
        files.add(opened);
        return Answer.OK.with("fault_id", queue.id()).with("fd", opened.handle());
    }

    private FaultQueue queue(Arguments a) throws CallFailed, BadArgument {
        return files.required(a, "fd", FaultFile.class).queue();
    }

    private static long bytes(Arguments a, long usual, int unit) throws CallFailed, BadArgument {
        long bytes = a.number("count_bytes", usual);
        if (bytes < 0 || bytes % unit != 0) {
            throw new CallFailed(
                    "ESPIPE",
                    "%s bytes: records of this file have %d bytes, and none is cut."
                            .formatted(Long.toUnsignedString(bytes), unit));
        }
        return bytes;
    }

    // ---- read

    private Answer read(Arguments a) throws CallFailed, BadArgument {
        var queue = queue(a);
        long room = bytes(a, (long) USUAL_ROOM * RECORD, RECORD) / RECORD;
        var records = new ArrayList<Value>();
        for (var delivered : queue.read(room)) {
            records.addAll(records(delivered));
        }
        var answer =
                Answer.OK
                        .with("bytes", (long) records.size() * RECORD)
                        .with("faults", Value.of(records));
        return records.isEmpty() && queue.unread() > 0
                ? answer.because("The next group has more records than there is room for.")
                : answer;
    }

    private static List<Value> records(FaultQueue.Delivered delivered) {
        var group = delivered.group();
        var records = new ArrayList<Value>();
        for (int page = 0; page < group.pages().size(); page++) {
            boolean last = page == group.pages().size() - 1;
            var fields = new LinkedHashMap<String, Value>();
            fields.put(
                    "flags",
                    Value.hex((group.pasid() == 0 ? 0 : PASID_VALID) | (last ? LAST_PAGE : 0)));
            fields.put("dev_id", Value.of(group.reporter()));
            fields.put("pasid", Value.of(group.pasid()));
            fields.put("grpid", Value.of(group.index()));
            fields.put("perm", Value.of(READ_AND_WRITE));
            fields.put("addr", Value.hex(group.pages().get(page)));
            fields.put("length", Value.of(0));
            fields.put("cookie", Value.of(delivered.cookie()));
            records.add(Value.of(fields));
        }
        return records;
    }

    // ---- respond

    /// Answers in order. If some were taken before one that is none, the call tells how many bytes it took.
    private Answer respond(Arguments a) throws CallFailed, BadArgument {
        var queue = queue(a);
        var responses = a.everyFields("responses");
        long count = bytes(a, (long) responses.size() * RESPONSE, RESPONSE) / RESPONSE;
        long done = 0;
        while (done < count) {
            try {
                if (done == responses.size()) {
                    throw new CallFailed("EFAULT", "The memory of the caller ends here.");
                }
                var response = responses.get((int) done);
                queue.respond(response.number("cookie"), code(response));
            } catch (CallFailed failed) {
                if (done == 0) {
                    throw failed;
                }
                return Answer.OK.with("bytes", done * RESPONSE).because(failed.rule());
            }
            done++;
        }
        return Answer.OK.with("bytes", done * RESPONSE);
    }

    private static PageResponse code(Arguments response) throws CallFailed, BadArgument {
        return switch (response.word("code")) {
            case "success", "0" -> PageResponse.SUCCESS;
            case "invalid", "1" -> PageResponse.INVALID_REQUEST;
            default ->
                    throw new CallFailed(
                            "EINVAL",
                            "'%s' is no answer: there are success and invalid."
                                    .formatted(response.word("code")));
        };
    }

    private Answer close(Arguments a) throws CallFailed, BadArgument {
        files.close(files.required(a, "fd", FaultFile.class));
        return Answer.OK;
    }
}

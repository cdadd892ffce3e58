package iommulab.app.software;

import iommulab.engine.os.call.Answer;
import iommulab.engine.os.call.Value;
import iommulab.engine.session.Call;

import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// The names that answers of the kernel give to what calls have made.
final class Made {
    private static final Set<String> FILES =
            Set.of("iommufd", "cdev", "group_fd", "device_fd", "container", "vm", "kvmdev");
    private static final Set<String> OBJECTS =
            Set.of(
                    "ioas_id",
                    "hwpt_id",
                    "devid",
                    "access_id",
                    "fault_id",
                    "viommu_id",
                    "vdevice_id",
                    "veventq_id",
                    "hw_queue_id");

    private Made() {}

    /// Key of what a call has made, if it has made something that a user can look at.
    static Optional<String> by(Call call, Answer answer) {
        var file = Optional.ofNullable(call.arguments().get("iommufd"));
        return answer.returns().entrySet().stream()
                .flatMap(field -> key(field, file).stream())
                .findFirst();
    }

    private static Optional<String> key(Map.Entry<String, Value> field, Optional<String> file) {
        if (!(field.getValue() instanceof Value.Word(var word))) {
            return Optional.empty();
        }
        if (OBJECTS.contains(field.getKey())) {
            return file.map(of -> of + "/" + word);
        }
        return FILES.contains(field.getKey()) ? Optional.of(word) : Optional.empty();
    }
}

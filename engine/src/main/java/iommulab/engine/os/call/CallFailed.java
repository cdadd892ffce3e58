package iommulab.engine.os.call;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;

/// A call that the kernel answers with an errno. What it did before is taken back, unless it says
/// otherwise.
public final class CallFailed extends Exception {
    private static final long serialVersionUID = 1;
    private final String errno;
    private final transient SequencedMap<String, Value> returns;
    private final boolean keepsWork;

    /// @param errno such as `EBUSY`
    /// @param rule the rule that decided, one sentence about these objects
    public CallFailed(String errno, String rule) {
        this(errno, rule, Map.of(), false);
    }

    private CallFailed(String errno, String rule, Map<String, Value> returns, boolean keepsWork) {
        super(rule, null, false, false);
        this.errno = errno;
        this.returns = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(returns));
        this.keepsWork = keepsWork;
    }

    /// The same with a field that the kernel writes back although it fails.
    public CallFailed returning(String field, Value value) {
        var more = new LinkedHashMap<>(returns);
        more.put(field, value);
        return new CallFailed(errno, rule(), more, keepsWork);
    }

    /// The same, where what was done before the error stays done, as Linux leaves it.
    public CallFailed keepingWork() {
        return new CallFailed(errno, rule(), returns, true);
    }

    public String errno() {
        return errno;
    }

    public String rule() {
        return String.valueOf(getMessage());
    }

    public SequencedMap<String, Value> returns() {
        return returns;
    }

    public boolean keepsWork() {
        return keepsWork;
    }
}

/// Remembering: variables of the operating system whose every change can be taken back.
package iommulab.engine.os.state;

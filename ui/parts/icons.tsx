/** The page's icons: 24 units square, drawn with the text's colour. */
import type { ComponentChildren } from "preact";

function icon(children: ComponentChildren) {
  return () => (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      {children}
    </svg>
  );
}

const microphone = (
  <>
    <rect x="9" y="3" width="6" height="11" rx="3" />
    <path d="M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3" />
  </>
);
const speaker = <path d="M4 9.5v5h3.5L12 18.5v-13L7.5 9.5z" />;
const slash = <path d="M4 4l16 16" />;

export const MicrophoneIcon = icon(microphone);
export const MicrophoneOffIcon = icon([microphone, slash]);
const camera = (
  <>
    <rect x="3" y="7" width="12" height="10.5" rx="2.5" />
    <path d="M15 11l6-3.500v9.500l-6-3.500z" />
  </>
);

export const CameraIcon = icon(camera);
export const CameraOffIcon = icon([camera, <path key="slash" d="M4 4l16 16" />]);
export const SpeakerIcon = icon([
  speaker,
  <path key="waves" d="M15.5 9a4.2 4.2 0 0 1 0 6M18 6.5a7.8 7.8 0 0 1 0 11" />,
]);
export const SpeakerOffIcon = icon([speaker, <path key="cross" d="M16 9.5l5 5m0-5l-5 5" />]);
export const ListenIcon = icon(
  <path d="M4 14v-1.5a8 8 0 0 1 16 0V14M4 14.5A1.5 1.5 0 0 1 5.5 13H7v6.500H5.500A1.5 1.5 0 0 1 4 18zM20 14.500A1.5 1.5 0 0 0 18.5 13H17v6.500h1.500A1.5 1.5 0 0 0 20 18z" />,
);
export const HangUpIcon = icon(
  <path
    class="filled"
    d="M12 8.800c-3.6 0-6.7.9-8.9 2.7-1 .8-1.2 2-.9 3.300l.3 1.200c.2.7.9 1.1 1.6.9l2.9-.8c.6-.2 1-.7 1-1.300v-1.700c2.6-.8 5.4-.8 8 0v1.700c0 .6.4 1.1 1 1.300l2.9.8c.7.2 1.4-.2 1.6-.9l.3-1.200c.3-1.3.1-2.5-.9-3.3-2.2-1.8-5.3-2.7-8.9-2.700z"
  />,
);
export const AlertIcon = icon(
  <>
    <circle cx="12" cy="12" r="9" />
    <path d="M12 7.500v5.500M12 16.400v.1" />
  </>,
);
export const ArrowDownIcon = icon(<path d="M12 5v14m-5.5-5.500L12 19l5.5-5.5" />);
export const CloseIcon = icon(<path d="M6.5 6.500l11 11m0-11l-11 11" />);
export const ChevronIcon = icon(<path d="M7 10l5 5 5-5" />);

/** Two voices around one point: the dial in small. */
export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <path class="bot" d="M5 16a11 11 0 0 1 22 0" />
      <path class="user" d="M27 16a11 11 0 0 1-22 0" />
      <circle cx="16" cy="16" r="4" />
    </svg>
  );
}
export const SendIcon = icon(<path d="M5 12h13M12.500 5.500L19 12l-6.500 6.500" />);

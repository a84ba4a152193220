/** Whether a stream that waits for its stop word has heard it. */
export function StopWord({ heard }: { readonly heard: boolean }) {
  return (
    <p class="stop-word" data-testid="stop-word" data-heard={heard} role="status">
      {heard && "Stop word heard: go on"}
    </p>
  );
}

module ssewire.example/stream

go 1.19

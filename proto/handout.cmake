# handout.cmake - lays out FOLDER and packs it as FOLDER.tar.gz. Each line of LIST is a folder and a
# path below it: the path that the file gets in FOLDER.
file(STRINGS ${LIST} lines)
file(REMOVE_RECURSE ${FOLDER})
foreach(line IN LISTS lines)
    string(REGEX MATCH "^(.*)\t(.*)$" _ "${line}")
    get_filename_component(below ${CMAKE_MATCH_2} DIRECTORY)
    file(COPY ${CMAKE_MATCH_1}/${CMAKE_MATCH_2} DESTINATION ${FOLDER}/${below})
endforeach()
get_filename_component(parent ${FOLDER} DIRECTORY)
get_filename_component(name ${FOLDER} NAME)
execute_process(
    COMMAND ${CMAKE_COMMAND} -E tar cfz ${FOLDER}.tar.gz --format=gnutar "--mtime=2022-01-01 00:00:00 UTC" ${name}
    WORKING_DIRECTORY ${parent}
    COMMAND_ERROR_IS_FATAL ANY)
